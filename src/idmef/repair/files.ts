/**
 * Leniencies about files: permissions in their three older forms, whom they are for, links that give more than
 * the model holds, and the 2004 draft's FileList (RFC 4765 §4.2.7.6).
 */

import { enumerations } from '../schema/enumerations.ts';
import {
  attributeOf,
  childElements,
  isBlank,
  ownText,
  removeChild,
  renameElement,
  replaceChild,
  setAttribute,
  trimXml,
} from '../tree-edit.ts';
import { writeTree } from '../tree.ts';
import type { TreeElement } from '../tree.ts';
import { idmefChildren, keepAsAdditionalData, parentOf, placeOfLocated } from './leniency.ts';
import type { Leniency } from './leniency.ts';

const permissions: readonly string[] = enumerations.fileperm;

export const permissionAlias: Leniency = {
  name: 'permission-alias',
  section: '4.2.7.6.1',
  accepts: '`<permission perms="read"/>`, `<permission>read</permission>`, `<Permission>read</Permission>`',
  writes: '`<Permission perms="read"/>`',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('FileAccess')) {
      for (const child of idmefChildren(element, 'permission', 'Permission')) {
        const text = trimXml(ownText(child));
        const perms = attributeOf(child, 'perms');
        const wellDone = child.local === 'Permission' && perms !== undefined && child.children.length === 0;
        const understood = perms === undefined ? permissions.includes(text) : text === '' || text === perms;
        if (wellDone || !understood || childElements(child).length > 0) {
          continue;
        }
        renameElement(child, 'Permission');
        setAttribute(child, 'perms', perms ?? text);
        // EMPTY forbids comments too; they hold no data.
        child.children = [];
        child.end = '';
        changed = true;
      }
    }
    return changed;
  },
};

/** The rights of a user are user-privs, those of a group group-privs: other words tell how the id was met. */
const privileges: Readonly<Record<string, string>> = {
  'current-user': 'user-privs',
  'original-user': 'user-privs',
  'target-user': 'user-privs',
  'current-group': 'group-privs',
};

export const fileaccessUserid: Leniency = {
  name: 'fileaccess-userid',
  section: '4.2.7.6.1',
  accepts: 'UserId in FileAccess without type, or with a type of users or groups that has no rights',
  writes: 'user-privs or group-privs; a type that was written is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('UserId')) {
      const { element } = located;
      const type = attributeOf(element, 'type');
      const privilege = privileges[type ?? 'original-user'];
      const parent = parentOf(located);
      // Without permissions it will not stay a FileAccess, and is then kept as it was written.
      if (parent?.local !== 'FileAccess' || privilege === undefined || !hasPermission(parent)) {
        continue;
      }
      const place = placeOfLocated(located);
      setAttribute(element, 'type', privilege);
      if (type !== undefined) {
        keepAsAdditionalData(message, 'fileaccess-userid', `${place}/@type`, type);
      }
      changed = true;
    }
    return changed;
  },
};

function hasPermission(access: Parameters<typeof idmefChildren>[0]): boolean {
  return idmefChildren(access, 'Permission').some((each) => attributeOf(each, 'perms') !== undefined);
}

/** Without a word: Prelude makes all three fields of a Linkage when one of them is set. */
function isEmptyFile(file: TreeElement): boolean {
  return (
    file.attributes.every(({ name, value }) => name === 'category' && value === '') &&
    childElements(file).every((child) => isEmptyName(child)) &&
    isBlank(ownText(file))
  );
}

function isEmptyName(element: TreeElement): boolean {
  const { local, attributes, children } = element;
  return (
    (local === 'name' || local === 'path') &&
    attributes.length + childElements(element).length === 0 &&
    children.every((child) => child.kind !== 'misc') &&
    isBlank(ownText(element))
  );
}

export const linkageEmpty: Leniency = {
  name: 'linkage-empty',
  section: '4.2.7.6.2',
  accepts: 'Linkage with an empty File beside name and path, or with empty ones beside a File (Prelude)',
  writes: 'what says something',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('Linkage')) {
      const [file, ...more] = idmefChildren(element, 'File');
      const names = idmefChildren(element, 'name', 'path');
      if (file === undefined || more.length > 0 || names.length !== 2) continue;
      if (isEmptyFile(file)) {
        removeChild(element, file);
        changed = true;
      } else if (names.every((each) => isEmptyName(each))) {
        names.forEach((each) => removeChild(element, each));
        changed = true;
      }
    }
    return changed;
  },
};

export const linkageFile: Leniency = {
  name: 'linkage-file',
  section: '4.2.7.6.2',
  accepts: 'Linkage with name and path and a File as well',
  writes: 'name and path; the File is kept as AdditionalData',
  repair(message, find) {
    let changed = false;
    for (const located of find('Linkage')) {
      const { element } = located;
      const files = idmefChildren(element, 'File');
      if (idmefChildren(element, 'name').length === 0 || idmefChildren(element, 'path').length === 0) {
        continue;
      }
      for (const file of files) {
        const place = placeOfLocated({ element: file, ancestors: [...located.ancestors, element] });
        removeChild(element, file);
        keepAsAdditionalData(message, 'linkage-file', place, writeTree(file));
        changed = true;
      }
    }
    return changed;
  },
};

export const fileList: Leniency = {
  name: 'file-list',
  section: '4.2.4.4',
  accepts: 'the 2004 draft’s FileList in Target',
  writes: 'its File elements in its place',
  repair(_message, find) {
    let changed = false;
    for (const { element } of find('Target')) {
      for (const list of idmefChildren(element, 'FileList')) {
        const whole = idmefChildren(list, 'File').length === childElements(list).length;
        if (whole && list.attributes.length === 0 && isBlank(ownText(list))) {
          replaceChild(element, list, ...list.children);
          changed = true;
        }
      }
    }
    return changed;
  },
};
